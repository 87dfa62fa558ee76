import type { ApolloClient, ObservableQuery } from '@apollo/client';
import { filter, firstValueFrom } from 'rxjs';
import type { HistoryPageQuery, HistoryPageQueryVariables } from './__generated__/graphql.ts';
import { HistoryPage } from './billing.documents.ts';

type History = ObservableQuery<HistoryPageQuery, HistoryPageQueryVariables>;

/** A group's history, page by page: all pages so far stand in one growing list. */
export function watchHistory(client: ApolloClient, groupId: string, pageSize: number): History {
  return client.watchQuery({ query: HistoryPage, variables: { groupId, first: pageSize } });
}

/**
 * Adds the next page, and resolves when the list shows it; false when there is none. The gateway answers it from the list of the first
 * page, at no upstream call.
 */
export async function loadMore(history: History): Promise<boolean> {
  const pageInfo = pageInfoOf(history.getCurrentResult().data);
  if (pageInfo?.hasNextPage !== true || typeof pageInfo.endCursor !== 'string') return false;
  await history.fetchMore({ variables: { after: pageInfo.endCursor } });
  // Apollo Client writes the page into its cache at once and tells about it a moment later.
  await firstValueFrom(history.pipe(filter(({ data }) => pageInfoOf(data)?.endCursor !== pageInfo.endCursor)));
  return true;
}

function pageInfoOf(data: ReturnType<History['getCurrentResult']>['data']) {
  return data?.group?.billingHistory?.pageInfo;
}
