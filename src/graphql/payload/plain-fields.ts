/** The fields of a schema class without the class: answers are plain objects, and resolvers see inputs as such. */
export type PlainFields<T> = { readonly [K in keyof T]: T[K] };
