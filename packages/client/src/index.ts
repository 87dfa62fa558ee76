/** The client kit of the billing gateway, without a framework. */
export * from './figures.ts';
export {
  createIntentStore,
  type Intent,
  type IntentStorage,
  type IntentStore,
  memoryStorage,
  randomKey,
  type WriteSubject,
} from './intents.ts';
export type { BillingClient, BillingResponse, ResponseError, Watch } from './transport.ts';
export {
  type Attempts,
  type BillingWrite,
  type BillingWriteName,
  type BillingWriteOptions,
  createBillingWrite,
  expectedPrice,
  PATIENT,
  stateOfResponse,
  type WriteFacts,
  type WriteInput,
  type WritePayload,
  type WriteProblem,
  type WriteState,
  type WriteStateKind,
} from './write-flow.ts';
