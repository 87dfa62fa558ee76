import { Field } from 'type-graphql';
import { GroupType } from '../group/group.type.js';
import { BillingActivityType } from './activity.type.js';

// Declared here and not in the class: activity and group name each other, and modules must not. It is a plain field, because a
// resolver is called for each of thousands of rows.
Field(() => GroupType, {
  nullable: true,
  description: 'The group of the row (`group_id`). Null when the row names none; it is never guessed from the name.',
})(BillingActivityType.prototype, 'group');
