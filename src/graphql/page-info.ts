import { Directive, Field, ObjectType } from 'type-graphql';

@Directive('@shareable')
@ObjectType('PageInfo', {
  simpleResolvers: true,
  description: 'Position of a page in its list, after the Relay connection specification.',
})
export class PageInfoType {
  @Field(() => Boolean, { description: 'True when there are items after this page.' })
  readonly hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'True when there are items before this page.' })
  readonly hasPreviousPage!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor of the first item, for `before`. Null on an empty page.',
  })
  readonly startCursor!: string | null;

  @Field(() => String, { nullable: true, description: 'Cursor of the last item, for `after`. Null on an empty page.' })
  readonly endCursor!: string | null;
}
