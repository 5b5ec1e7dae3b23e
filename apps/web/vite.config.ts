/** How the page is built: one small folder of static files that the server serves at `/`. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  base: '/',
  plugins: [react()],
  build: { target: 'es2023', sourcemap: false },
})
