import type { PageLink } from './page.frame.js';

/** Which pages there are. */
export interface PageSet {
  readonly explorer: boolean;
  readonly debug: boolean;
  /** Address of an upstream on this machine, which may have a page of its own: the simulator's; null where it is elsewhere. */
  readonly localUpstream: string | null;
}

/** The links that every page shows, in their order. */
export function pageLinks(pages: PageSet): readonly PageLink[] {
  return [
    ...(pages.explorer
      ? [
          { href: '/', text: 'Start' },
          { href: '/graphiql', text: 'GraphiQL' },
          { href: '/graphql', text: 'Apollo Sandbox' },
        ]
      : []),
    ...(pages.debug ? [{ href: '/debug', text: 'Operations' }] : []),
    ...(pages.localUpstream === null ? [] : [{ href: `${pages.localUpstream}/`, text: 'Simulator' }]),
  ];
}
