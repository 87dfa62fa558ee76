import { Directive, Field, ObjectType } from 'type-graphql';
import type { DecimalText, Money } from '../../domain/money.js';
import type { Readable } from '../../domain/readable.js';
import { CurrencyCodeScalar } from '../scalars/currency-code.scalar.js';
import { DecimalScalar } from '../scalars/decimal.scalar.js';

@Directive('@shareable')
@ObjectType('Money', {
  simpleResolvers: true,
  description: 'An exact amount of money, digit for digit as the upstream wrote it.',
})
export class MoneyType implements Money {
  @Field(() => DecimalScalar, {
    description: 'The amount in whole units of the currency: `"99.50"` are 99 dollars 50.',
  })
  readonly amount!: DecimalText;

  @Field(() => CurrencyCodeScalar, {
    nullable: true,
    description:
      'Null where the upstream names no currency, as in its answers to orders and plan changes. It is never guessed: do not add up amounts without one.',
  })
  readonly currency!: Readable<string>;
}
