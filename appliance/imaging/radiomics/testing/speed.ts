import { computeRadiomics, FAMILIES, type Family } from '../index.ts'

// `node speed.ts` prints how long each family takes for an ellipsoid that fills 256 x 256 x 64 voxels, with 32 bins
const dimensions = [256, 256, 64] as const
const count = 256 * 256 * 64
const values = new Float32Array(count)
const mask = new Uint8Array(count)
let state = 1
for (let i = 0; i < count; i++) {
  const [x, y, z] = [i % 256, Math.floor(i / 256) % 256, Math.floor(i / 65_536)]
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  values[i] = 100 * Math.sin(x / 9) + 80 * Math.cos(y / 7) + 50 * Math.sin(z / 5) + state / 2 ** 26
  mask[i] = ((x - 127.5) / 128) ** 2 + ((y - 127.5) / 128) ** 2 + ((z - 31.5) / 32) ** 2 <= 1 ? 1 : 0
}

const run = (name: string, families: readonly Family[]) => {
  const [cpu, start] = [process.cpuUsage(), performance.now()]
  const settings = { discretisation: { kind: 'FBN' as const, bins: 32 }, families }
  const rows = computeRadiomics({ image: { dimensions, spacing: [1, 1, 2], values }, mask, settings }).length
  const { user, system } = process.cpuUsage(cpu)
  const figures = {
    family: name,
    rows,
    wallMs: Math.round(performance.now() - start),
    cpuMs: Math.round((user + system) / 1000),
  }
  process.stdout.write(`${JSON.stringify(figures)}\n`)
}

const voxels = mask.reduce((sum, inside) => sum + inside, 0)
process.stdout.write(`${JSON.stringify({ voxels, box: dimensions })}\n`)
for (const family of FAMILIES) run(family, [family])
run('all', FAMILIES)
process.stdout.write(`${JSON.stringify({ peakMiB: Math.round(process.resourceUsage().maxRSS / 1024) })}\n`)
