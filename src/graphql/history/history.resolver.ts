import { FieldResolver, Resolver, Root } from 'type-graphql';
import type { BillingActivity } from '../../domain/billing-activity.js';
import type { GroupRef } from '../../reads/billing-reads.js';
import { groupOfRow } from '../group/group.reference.js';
import { GroupType } from '../group/group.type.js';
import { BillingActivityType } from './activity.type.js';

@Resolver(() => BillingActivityType)
export class BillingActivityResolver {
  // Declared here and not in the class: activity and group name each other, and modules must not.
  @FieldResolver(() => GroupType, {
    nullable: true,
    description: 'The group of the row (`group_id`). Null when the row names none; it is never guessed from the name.',
  })
  group(@Root() row: BillingActivity): GroupRef | null {
    return groupOfRow(row.groupId, row.groupName);
  }
}
