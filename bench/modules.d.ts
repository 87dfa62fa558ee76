// These packages are in bench/package.json and bench/peers/package.json, which a check of the project does not install.
// This file declares the parts that the benchmark uses.

declare module '@apollo/datasource-rest' {
  export interface RequestWithBody {
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  }

  export class RESTDataSource {
    baseURL?: string;
    protected post<Result>(path: string, request?: RequestWithBody): Promise<Result>;
    protected parseBody(response: { text(): Promise<string> }): Promise<object | string>;
  }
}

declare module '@envelop/graphql-jit' {
  export function useGraphQlJit(): import('graphql-yoga').Plugin;
}

declare module '@graphql-mesh/compose-cli' {
  export interface MeshLog {
    readonly child: () => MeshLog;
    readonly debug: () => void;
    readonly info: () => void;
    readonly log: () => void;
    readonly warn: () => void;
    readonly error: (...what: readonly unknown[]) => void;
  }

  export interface MeshSubgraph {
    readonly sourceHandler: import('@omnigraph/json-schema').SourceHandler;
  }

  export function getComposedSchemaFromConfig(
    config: { readonly subgraphs: readonly MeshSubgraph[] },
    log: MeshLog,
  ): Promise<string>;

  export interface Subgraph {
    readonly name: string;
    readonly schema: import('graphql').GraphQLSchema;
    readonly url: string;
  }

  export function composeSubgraphs(subgraphs: readonly Subgraph[]): { readonly supergraphSdl: string };
}

declare module '@omnigraph/json-schema' {
  export type SourceHandler = (context: object) => object;
  export function loadJSONSchemaSubgraph(name: string, options: object): SourceHandler;
}

declare module '@graphql-hive/gateway-runtime' {
  export interface MeshCall {
    readonly root: object;
    readonly context: object;
    readonly args: object;
    readonly selectionSet: string;
  }
  export type MeshOperation = (call: MeshCall) => Promise<unknown>;

  /** The value that Mesh puts into the context for the source `Xtracta`. */
  export interface MeshContext {
    readonly Xtracta: {
      readonly Query: { readonly xtractaHistory: MeshOperation };
      readonly Mutation: { readonly xtractaBooster: MeshOperation };
    };
  }

  export interface FetchDone {
    readonly response: Response;
    readonly setResponse: (response: Response) => void;
  }

  export interface GatewayPlugin {
    readonly onFetch?: () => (done: FetchDone) => Promise<void>;
    readonly onContextBuilding?: (building: {
      readonly context: MeshContext;
      readonly extendContext: (extension: object) => void;
    }) => void;
  }

  export interface GatewayConfig {
    readonly supergraph: string;
    readonly logging: false;
    readonly additionalTypeDefs?: string;
    readonly additionalResolvers?: object;
    readonly plugins?: () => readonly GatewayPlugin[];
  }

  export function createGatewayRuntime(config: GatewayConfig): import('node:http').RequestListener;
}
