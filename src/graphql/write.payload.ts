import { Field, InputType, ObjectType, registerEnumType } from 'type-graphql';
import type { BillingOperation, BillingUserError } from '../billing/billing-writes.js';
import { BILLING_ERROR_CODES, type BillingErrorCode } from '../domain/errors.js';
import type { DecimalText } from '../domain/money.js';
import type { BillingWarning, BillingWarningCode, HeldDocumentsAction } from '../domain/write.js';
import { BillingOperationType } from './billing-operation.type.js';
import { HeldDocumentsActionEnum } from './enums.js';
import { ERROR_CATALOGUE } from './error-catalogue.js';
import { AssumedSize } from './federation-directive.js';
import { CurrencyCodeScalar, DecimalScalar } from './scalars.js';

/**
 * The closed list of codes as a GraphQL enum. Value and name are equal; otherwise defaults would change in the printed
 * schema.
 */
const BillingErrorCodeEnum: Readonly<Record<string, BillingErrorCode>> = Object.fromEntries(
  BILLING_ERROR_CODES.map((code) => [code, code]),
);

registerEnumType(BillingErrorCodeEnum, {
  name: 'BillingErrorCode',
  description: 'Why something failed. The list is closed, and codes are the contract: messages may change.',
  valuesConfig: Object.fromEntries(
    BILLING_ERROR_CODES.map((code) => [code, { description: ERROR_CATALOGUE[code].meaning }]),
  ),
});

@ObjectType('BillingUserError', {
  simpleResolvers: true,
  description: 'Reason why a valid, authorised write did not succeed, as far as it is known.',
})
export class BillingUserErrorType implements BillingUserError {
  @Field(() => BillingErrorCodeEnum, { description: 'The code to decide by; docs/errors.md has the action for each.' })
  readonly code!: BillingErrorCode;

  @Field(() => String, {
    description: 'One sentence in English for a developer or an operator. May change: decide by `code`.',
  })
  readonly message!: string;

  @AssumedSize(3)
  @Field(() => [String], {
    nullable: true,
    description:
      'Path of the input field at fault, outermost first: `["input", "quantity"]`. Null when no single field is.',
  })
  readonly field!: string[] | null;

  @Field(() => String, {
    nullable: true,
    description:
      "The upstream's own status, as text: `<status>` of Xtracta, `ErrorCode` of PurchaseCredits, else the HTTP " +
      'status. Null when none was received.',
  })
  readonly upstreamStatus!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "The upstream's own words (`<message>`, `ErrorReason`): plain text of at most 300 characters, keys, URLs " +
      'and e-mail addresses removed. Null when there are none.',
  })
  readonly upstreamMessage!: string | null;

  @Field(() => Boolean, {
    description: 'True: the same request may be sent again, with the same `idempotencyKey`, without a second charge.',
  })
  readonly retryable!: boolean;
}

const BillingWarningCodeEnum = {
  UPSTREAM_ERROR_BESIDE_RESULT: 'UPSTREAM_ERROR_BESIDE_RESULT',
  QUANTITY_DIFFERS: 'QUANTITY_DIFFERS',
  GROUP_DIFFERS: 'GROUP_DIFFERS',
  TOTALS_DIFFER: 'TOTALS_DIFFER',
  STATUS_MISSING: 'STATUS_MISSING',
  VALUE_UNREADABLE: 'VALUE_UNREADABLE',
} as const satisfies Record<BillingWarningCode, BillingWarningCode>;

registerEnumType(BillingWarningCodeEnum, {
  name: 'BillingWarningCode',
  description: "Oddities in the upstream's response to a write that succeeded.",
  valuesConfig: {
    UPSTREAM_ERROR_BESIDE_RESULT: {
      description:
        'The upstream reported an error and a complete result at once. The result counts: money may have moved.',
    },
    QUANTITY_DIFFERS: { description: 'The confirmed quantity differs from the ordered quantity.' },
    GROUP_DIFFERS: { description: 'The confirmed group differs from the named group.' },
    TOTALS_DIFFER: { description: 'Net total plus tax is not the gross total. The figures are shown as sent.' },
    STATUS_MISSING: { description: "The upstream's response is complete but has no status." },
    VALUE_UNREADABLE: { description: "A value of the upstream's response could not be read and is null." },
  },
});

@ObjectType('BillingWarning', {
  simpleResolvers: true,
  description: "The write succeeded, and the upstream's response has an oddity. Nothing needs to be sent again.",
})
class BillingWarningType implements BillingWarning {
  @Field(() => BillingWarningCodeEnum, { description: 'The code to decide by.' })
  readonly code!: BillingWarningCode;

  @Field(() => String, { description: 'One sentence in English for a developer or an operator.' })
  readonly message!: string;
}

/** The common fields of the payloads of all writes in the ledger. Not a type of the schema itself. */
@ObjectType({ simpleResolvers: true })
export abstract class WritePayloadFields {
  @Field(() => BillingOperationType, {
    nullable: true,
    description:
      "The ledger's row of this write. For a reused key: the row that holds the key. For an earlier unknown " +
      'outcome or a possible duplicate: that earlier row. Null where no row exists.',
  })
  readonly operation!: BillingOperation | null;

  @AssumedSize(2)
  @Field(() => [BillingWarningType], { description: "Oddities in the upstream's response to a write that succeeded." })
  readonly warnings!: readonly BillingWarning[];

  @AssumedSize(1)
  @Field(() => [BillingUserErrorType], { description: 'Empty exactly when the write succeeded.' })
  readonly userErrors!: readonly BillingUserError[];
}

/** The common input fields of writes that touch held documents. Not a type of the schema itself. */
@InputType()
export abstract class HeldDocumentsFields {
  @Field(() => HeldDocumentsActionEnum, {
    defaultValue: 'PROCESS',
    description: 'Treatment of documents that wait for capacity (`purge`).',
  })
  readonly heldDocuments!: HeldDocumentsAction;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Must be true with `heldDocuments: DELETE`, which cannot be undone.',
  })
  readonly confirmDocumentDeletion!: boolean;
}

@InputType('ExpectedPriceInput', {
  description: 'A price of the catalogue that the user was shown: `price` of `AvailablePack` or `AvailablePlan`.',
})
export class ExpectedPriceInput {
  @Field(() => DecimalScalar, { description: 'The amount. Compared as a number: `"99.5"` is `"99.50"`.' })
  readonly amount!: DecimalText;

  @Field(() => CurrencyCodeScalar, {
    nullable: true,
    description: 'The currency. Left out: the amount alone is compared. Given: the catalogue must name the same one.',
  })
  readonly currency?: string | null;
}

/** Description of the key, the same for every write. */
export const IDEMPOTENCY_KEY_DESCRIPTION =
  "The client's own key for this one write: 8 to 255 of `A-Z a-z 0-9 . _ : -`, such as a UUID. Make it when the " +
  "user's intent begins. Keep it over retries of the request, a dialog that is opened again, or an agent's " +
  'repeated tool call. The same key with the same input never charges twice.';

export const REPEATS_DESCRIPTION =
  'The `idempotencyKey` of an earlier equal write that this one repeats on purpose, as in `operation` of a ' +
  '`POSSIBLE_DUPLICATE`. It must name the newest such write. Without it, an equal write under another key is ' +
  'refused for DUPLICATE_WINDOW_SECONDS (five minutes by default).';
