import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { builtPages } from './pages.ts'

/** A reading room may be at the end of a thin line. Bounds what is fetched before the first page is shown. */
const MOST_SCRIPT_BYTES = 150_000
const MOST_STYLE_BYTES = 10_000

describe.each(Object.entries(builtPages()))('the built pages of the %s', (_, folder) => {
  const assets = join(folder, 'assets')
  const gzipped = (ending: string): number =>
    readdirSync(assets)
      .filter((name) => name.endsWith(ending))
      .reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name)), { level: 9 }).length, 0)

  /** The scripts that the document names, and what they import at once. Other pages come when they are opened. */
  const shell = (): number =>
    [...readFileSync(join(folder, 'index.html'), 'utf8').matchAll(/(?:src|href)="\/assets\/([^"]+\.js)"/g)].reduce(
      (sum, [, name = '']) => sum + gzipSync(readFileSync(join(assets, name)), { level: 9 }).length,
      0,
    )

  it('stay small', () => {
    expect(shell()).toBeGreaterThan(0)
    expect(shell()).toBeLessThan(MOST_SCRIPT_BYTES)
    expect(gzipped('.css')).toBeLessThan(MOST_STYLE_BYTES)
  })

  it('hold no script or style in the document, and nothing of another origin', () => {
    const document = readFileSync(join(folder, 'index.html'), 'utf8')
    expect(document).toMatch(/<script type="module" crossorigin src="\/assets\/[^"]+"><\/script>/)
    expect(document).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?:/)
  })
})
