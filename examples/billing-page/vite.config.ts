import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Gateway of `npm run demo`. Through this proxy, as through one in production, the page needs no CORS. */
const gateway = process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:4000';

export default defineConfig({
  plugins: [react()],
  // The kit is linked from its folder, where it has a React of its own for its tests. A page must have one.
  resolve: { dedupe: ['react', 'react-dom', '@apollo/client', 'graphql', 'rxjs'] },
  server: { host: '127.0.0.1', port: 5173, proxy: { '/graphql': gateway } },
  preview: { host: '127.0.0.1', port: 5173, proxy: { '/graphql': gateway } },
  // The charts are the larger part; they come after the figures.
  build: { chunkSizeWarningLimit: 700 },
});
