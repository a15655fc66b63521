import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { type StudyEvent, studyEvent } from '../contract/local-api.ts'

/** Events come in bursts while a study is received; lists are asked again at most once in this time. */
const SETTLE_MS = 300

/**
 * Asks for studies again when the appliance says that one changed (server-sent events).
 * @param concerns whether an event is about what the page shows. Reading a study and searching are entries in the audit
 *   log, so a page asks again for what changed and not for everything.
 */
export function useStudyEvents(concerns: (event: StudyEvent) => boolean): void {
  const queries = useQueryClient()
  const filter = useRef(concerns)
  filter.current = concerns
  useEffect(() => {
    const events = new EventSource('/api/events')
    let timer: number | undefined
    events.addEventListener('study', ({ data }: MessageEvent<string>) => {
      const event = studyEvent.safeParse(parseJson(data))
      if (event.success && !filter.current(event.data)) return
      timer ??= window.setTimeout(() => {
        timer = undefined
        void queries.invalidateQueries({ queryKey: ['studies'] })
      }, SETTLE_MS)
    })
    return () => {
      window.clearTimeout(timer)
      events.close()
    }
  }, [queries])
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
