/** How the page is built: one small folder of static files that the server serves at `/`. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  base: '/',
  plugins: [react()],
  // What every visit needs is one script of about 150 kB gzip; what most never open (log, changes, palette) is fetched then.
  build: { target: 'es2023', sourcemap: false, chunkSizeWarningLimit: 700 },
})
