import type { StudyEvent } from '@leadglass/ui/contract/local-api'
import type { Records } from '../records/index.ts'

type Listener = (event: StudyEvent) => void

/** Tells open pages that a study has another state. Carries pseudonyms and states only; a page asks for the rest. */
export class StudyEvents {
  readonly #records: Pick<Records, 'studies'>
  readonly #listeners = new Set<Listener>()
  readonly #told = new Map<number, string>()

  constructor(records: Pick<Records, 'studies'>) {
    this.#records = records
  }

  /** A study may have changed; listeners are told when its state or revision did. */
  changed(studyId: number): void {
    if (this.#listeners.size === 0) return
    const study = this.#records.studies.stateOf(studyId)
    if (study === undefined) return
    const said = `${study.revision} ${study.state}`
    if (this.#told.get(studyId) === said) return
    if (this.#told.size > 10_000) this.#told.clear()
    this.#told.set(studyId, said)
    for (const listener of this.#listeners) listener(study)
  }

  /** @returns how to stop listening. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
