import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  // The registry's content security policy allows no inline script and no data: script.
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false } },
});
