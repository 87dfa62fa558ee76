import { Field, InputType, Int } from 'type-graphql';
import { HeldDocumentsFields } from '../payload/held-documents.input.js';

@InputType('OpenBillingUiInput', {
  description:
    'How the billing page is opened. The choice about held documents is part of the URL and takes effect later, when the user changes the plan there.',
})
export class OpenBillingUiInput extends HeldDocumentsFields {
  @Field(() => Int, {
    defaultValue: 600,
    description: 'Seconds until the URL expires (`expire`): 1 to 259200, which are three days.',
  })
  readonly expireSeconds!: number;
}
