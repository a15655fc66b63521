/**
 * How often each pair of grey level and extent (run length, zone size, zone distance, dependence) occurs.
 * Extents below the dense width are counted in an array, larger ones in a map.
 */
export class CountTable {
  readonly #levelCount: number
  readonly #width: number
  readonly #dense: Float64Array
  readonly #sparse = new Map<number, number>()
  #voxels = 0

  constructor(levelCount: number, width: number) {
    this.#levelCount = levelCount
    this.#width = width
    this.#dense = new Float64Array((levelCount + 1) * width)
  }

  /** Voxels that the counted runs, zones or neighbourhoods cover. */
  get voxels(): number {
    return this.#voxels
  }

  /** Counts one run, zone or neighbourhood that covers so many voxels. */
  add(level: number, extent: number, voxels: number): void {
    this.#voxels += voxels
    if (extent < this.#width) {
      const cell = level * this.#width + extent
      this.#dense[cell] = (this.#dense[cell] ?? 0) + 1
    } else {
      const key = extent * (this.#levelCount + 1) + level
      this.#sparse.set(key, (this.#sparse.get(key) ?? 0) + 1)
    }
  }

  /** Adds all that another table of the same shape counted. */
  merge(other: CountTable): void {
    this.#voxels += other.#voxels
    for (let cell = 0; cell < this.#dense.length; cell++)
      this.#dense[cell] = (this.#dense[cell] ?? 0) + (other.#dense[cell] ?? 0)
    for (const [key, count] of other.#sparse) this.#sparse.set(key, (this.#sparse.get(key) ?? 0) + count)
  }

  /** Every pair that occurs, with its count. */
  entries(): { level: number; extent: number; count: number }[] {
    const found: { level: number; extent: number; count: number }[] = []
    this.#dense.forEach((count, cell) => {
      if (count > 0) found.push({ level: Math.floor(cell / this.#width), extent: cell % this.#width, count })
    })
    for (const [key, count] of this.#sparse)
      found.push({ level: key % (this.#levelCount + 1), extent: Math.floor(key / (this.#levelCount + 1)), count })
    return found
  }
}
