/** The part of the gateway's schema that the benchmark's queries use. */
export const typeDefs = `#graphql
  scalar DateTime
  scalar Decimal
  scalar CurrencyCode
  scalar Long

  enum PlanType { MONTHLY ANNUAL OTHER }
  enum BillingActivityKind { SIGNUP RENEW UPGRADE DOWNGRADE BOOSTER CANCEL OTHER }

  type Query {
    group(id: ID!): Group
  }

  type Group {
    id: ID!
    plan(at: DateTime): BillingPlan
    billingHistory(from: DateTime, to: DateTime, includeSubgroups: Boolean! = false, first: Int = 50): BillingHistoryConnection
  }

  type BillingPlan {
    name: String
    type: PlanType!
    typeRaw: String
    price: Money
    allowedDocuments: Long
    usedDocuments: Long
    remainingDocuments: Long
    startDate: DateTime
    expiryDate: DateTime
  }

  type BillingHistoryConnection {
    nodes: [BillingActivity!]!
    totalCount: Int!
  }

  type BillingActivity {
    id: ID!
    kind: BillingActivityKind!
    planName: String
    planType: PlanType!
    price: Money
    creditAmount: Decimal
    allowedDocuments: Long
    usedDocuments: Long
    startDate: DateTime
    expiryDate: DateTime
    group: Group
    groupName: String
  }

  type Money {
    amount: Decimal!
    currency: CurrencyCode
  }

  type Mutation {
    orderBoosterPack(input: OrderBoosterPackInput!): OrderBoosterPackPayload!
  }

  input OrderBoosterPackInput {
    idempotencyKey: ID!
    packId: ID!
    groupId: ID
    quantity: Int! = 1
  }

  type OrderBoosterPackPayload {
    pack: BoosterPackOrder
    summary: BoosterPackSummary
    userErrors: [BillingUserError!]!
  }

  type BoosterPackOrder {
    id: ID!
    name: String
    allowedDocuments: Long
    price: Money
    quantity: Long
    group: Group
  }

  type BoosterPackSummary {
    totalUsedDocuments: Long
    totalAvailableDocuments: Long
  }

  type BillingUserError {
    code: String!
  }
`;
