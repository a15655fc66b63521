// Builds into ui/dist: the console that the appliance serves, the hub's pages, and the console as a program for a desk.
import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { build } from 'vite'

// Whoever starts this may be a test: what is built is what is shipped all the same.
process.env.NODE_ENV = 'production'

const UI = dirname(fileURLToPath(import.meta.url))
// In a folder of its own until it is whole: two builds at once must not mix, and pages are served meanwhile.
const OUT = join(UI, `dist.building-${process.pid}`)

for (const [page, output] of [
  ['console', 'console'],
  ['hub-web', 'hub'],
  ['electron/pairing', 'desk/pair'],
]) {
  await build({
    configFile: false,
    root: join(UI, page),
    base: page === 'electron/pairing' ? '/pair/' : '/',
    plugins: [react()],
    logLevel: 'warn',
    build: {
      outDir: join(OUT, output),
      emptyOutDir: true,
      // The content security policy of both services allows no inline script, and this helper is one.
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
    },
  })
}

// The main process is a module; a preload script in the sandbox is one file of CommonJS (Electron, "sandbox").
for (const [entry, file, format] of [
  ['main.ts', 'main.js', 'es'],
  ['preload.ts', 'preload.cjs', 'cjs'],
]) {
  await build({
    configFile: false,
    root: join(UI, 'electron'),
    logLevel: 'warn',
    ssr: { noExternal: true },
    build: {
      ssr: true,
      target: 'node20',
      outDir: join(OUT, 'desk'),
      emptyOutDir: false,
      minify: false,
      rolldownOptions: {
        input: join(UI, 'electron', entry),
        external: ['electron', /^node:/],
        output: { format, entryFileNames: file, codeSplitting: false },
      },
    },
  })
}
const { version } = JSON.parse(await readFile(join(UI, 'package.json'), 'utf8'))
const desk = { name: 'leadglass-console', productName: 'Leadglass console', version, type: 'module', main: 'main.js' }
await writeFile(join(OUT, 'desk', 'package.json'), `${JSON.stringify(desk, null, 2)}\n`)
await cp(join(OUT, 'console'), join(OUT, 'desk', 'console'), { recursive: true })

// Another build may be swapped in between the two steps; then this one takes its place.
const dist = join(UI, 'dist')
const old = join(UI, `dist.old-${process.pid}`)
for (let tries = 0; ; tries += 1) {
  await rename(dist, old).catch((cause) => {
    if (cause.code !== 'ENOENT') throw cause
  })
  const taken = await rename(OUT, dist).then(
    () => false,
    (cause) => {
      if (cause.code !== 'ENOTEMPTY' || tries === 9) throw cause
      return true
    },
  )
  await rm(old, { recursive: true, force: true })
  if (!taken) break
}
