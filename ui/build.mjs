// Builds the two pages into ui/dist: the console that the appliance serves, and the hub's pages.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { convertCssVariables, DEFAULT_THEME, defaultCssVariablesResolver, mergeMantineTheme } from '@mantine/core'
import react from '@vitejs/plugin-react'
import { build } from 'vite'
import { theme } from './shared/theme.ts'

const UI = dirname(fileURLToPath(import.meta.url))
const THEME_MODULE = 'virtual:theme.css'

/**
 * The theme's variables as a file of its own. Mantine would put them into an inline <style> at run time, which the
 * content security policy of both services forbids.
 */
const themeVariables = {
  name: 'theme-variables',
  resolveId: (id) => (id === THEME_MODULE ? `\0${THEME_MODULE}` : undefined),
  load: (id) =>
    id === `\0${THEME_MODULE}`
      ? convertCssVariables(defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme)), ':root')
      : undefined,
}

for (const [page, output] of [
  ['console', 'console'],
  ['hub-web', 'hub'],
]) {
  await build({
    configFile: false,
    root: join(UI, page),
    plugins: [react(), themeVariables],
    logLevel: 'warn',
    build: {
      outDir: join(UI, 'dist', output),
      emptyOutDir: true,
      // The policy allows no inline script, and this helper is one.
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
    },
  })
}
