// Builds the two pages into ui/dist: the console that the appliance serves, and the hub's pages.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { build } from 'vite'

// Whoever starts this may be a test: what is built is what is shipped all the same.
process.env.NODE_ENV = 'production'

const UI = dirname(fileURLToPath(import.meta.url))

for (const [page, output] of [
  ['console', 'console'],
  ['hub-web', 'hub'],
]) {
  await build({
    configFile: false,
    root: join(UI, page),
    plugins: [react()],
    logLevel: 'warn',
    build: {
      outDir: join(UI, 'dist', output),
      emptyOutDir: true,
      // The content security policy of both services allows no inline script, and this helper is one.
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
    },
  })
}
