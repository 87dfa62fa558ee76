// This package stands in bench/package.json, which a check of the project does not install. What is declared here is what the
// benchmark uses of them.

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
