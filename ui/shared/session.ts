import { createContext, useContext } from 'react'

/** What both services say of a session. */
export interface Session {
  readonly account: string
  readonly role: string
}

export const SessionContext = createContext<Session | undefined>(undefined)

/** Who is signed in. Only below the sign-in gate. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (session === undefined) throw new Error('a page outside the sign-in gate asked who is signed in')
  return session
}

/** Where this tab keeps the words of a search, which may name a patient. */
export const SEARCH_WORDS = 'leadglass.search'

/** What one person wrote is not the next person's. */
export function forgetPerson(): void {
  sessionStorage.removeItem(SEARCH_WORDS)
}
