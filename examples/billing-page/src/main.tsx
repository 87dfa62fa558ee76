import { ApolloClient, HttpLink } from '@apollo/client';
import { createIntentStore } from '@billing-gateway/client';
import { apolloBilling, createBillingCache } from '@billing-gateway/client/apollo';
import { BillingProvider } from '@billing-gateway/client/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BillingPage } from './billing-page.tsx';
import './style.css';

const client = new ApolloClient({ link: new HttpLink({ uri: '/graphql' }), cache: createBillingCache() });
const groupId = new URLSearchParams(location.search).get('group') ?? '100000';
// The demo has no sign-in. A page that has one names the tenant and the user of its session.
const owner = 'demo';
const root = document.getElementById('root');
if (root === null) throw new Error('The page has no #root.');

createRoot(root).render(
  <StrictMode>
    <BillingProvider client={apolloBilling(client)} intents={createIntentStore(owner)}>
      <BillingPage groupId={groupId} />
    </BillingProvider>
  </StrictMode>,
);
