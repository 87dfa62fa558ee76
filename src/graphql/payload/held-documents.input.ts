import { Field, InputType } from 'type-graphql';
import type { HeldDocumentsAction } from '../../domain/write.js';
import { HeldDocumentsActionEnum } from '../operation/operation.enum.js';

/** What writes that touch held documents have in common. Not a type of the schema itself. */
@InputType()
export abstract class HeldDocumentsFields {
  @Field(() => HeldDocumentsActionEnum, {
    defaultValue: 'PROCESS',
    description: 'What becomes of documents that wait for capacity (`purge`).',
  })
  readonly heldDocuments!: HeldDocumentsAction;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Must be true with `heldDocuments: DELETE`, which cannot be undone.',
  })
  readonly confirmDocumentDeletion!: boolean;
}
