import type { ModelReference } from '@leadglass/sync-agent/contract'
import { type LoadedModel, loadModel, releaseModel } from './model-sessions.ts'

/** Champion, challenger and one shadow fit; more would only hold memory. */
const MOST_MODELS = 3

/** Models that a worker keeps loaded, least recently used first to go. */
export class ModelCache {
  readonly #loaded = new Map<string, LoadedModel>()

  /**
   * The model of a reference, loaded from its folder when it is not there yet.
   * @throws {Error} when the folder holds another package than the reference names, or none that verifies.
   */
  async get(folder: string, model: ModelReference): Promise<LoadedModel> {
    const present = this.#loaded.get(model.digest)
    if (present !== undefined) {
      this.#loaded.delete(model.digest)
      this.#loaded.set(model.digest, present)
      return present
    }
    const loaded = await loadModel(folder)
    const { name, version, digest } = loaded.package.model
    if (digest !== model.digest || name !== model.name || version !== model.version) {
      await releaseModel(loaded)
      throw new Error('the folder holds another package than the job names')
    }
    this.#loaded.set(digest, loaded)
    await this.#evict()
    return loaded
  }

  async #evict(): Promise<void> {
    for (const [digest, model] of this.#loaded) {
      if (this.#loaded.size <= MOST_MODELS) return
      this.#loaded.delete(digest)
      await releaseModel(model)
    }
  }
}
