/** The billing gateway in your tests. */
export {
  type BillingStack,
  type Fault,
  type Fixtures,
  type JournalCount,
  type JournalEntry,
  type StackOptions,
  startBilling,
} from './stack.ts';
