import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'

/** Events come in bursts while a study is received; the lists are asked again at most once in this time. */
const SETTLE_MS = 300

/** Asks for the lists again whenever the appliance says that a study changed (server-sent events). */
export function useStudyEvents(): void {
  const queries = useQueryClient()
  useEffect(() => {
    const events = new EventSource('/api/events')
    let timer: number | undefined
    events.addEventListener('study', () => {
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
