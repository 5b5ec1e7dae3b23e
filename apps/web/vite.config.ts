/** How the page is built: one small folder of static files that the server serves at `/`. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  base: '/',
  plugins: [react()],
  // One script of 176 kB gzip is one request to a server on the same machine; parts would only add round trips.
  build: { target: 'es2023', sourcemap: false, chunkSizeWarningLimit: 700 },
})
