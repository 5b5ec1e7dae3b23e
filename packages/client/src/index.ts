/** A viewer's side, without a platform: frames in, what a person sees out. */
export { toolMs, turnTimeWords } from './asked.ts'
export { serverAwayWords } from './away-words.ts'
export { takeEvents, type Taken } from './cursor.ts'
export {
  type Draft,
  attachFile,
  detachFile,
  type DraftFile,
  draftAccepted,
  draftRefused,
  draftUnanswered,
  emptyDraft,
  sendDraft,
  typeDraft,
  unanswered,
} from './draft.ts'
export { fileKey, shownName } from './file-name.ts'
export {
  decodeFrame,
  decodeListFrame,
  type EndFrame,
  type EventsFrame,
  type ViewerFrame,
} from './frame.ts'
export type * from './item.ts'
export { isNotice } from './item.ts'
export { blockItems, itemAt, type ItemList, itemsOf } from './item-list.ts'
export { type Notice, noticeOf, trimmedSentence } from './notice.ts'
export { applyListFrame, type SessionList } from './session-list.ts'
export type { RunningTurn } from './running-turn.ts'
export { settledWords } from './settled-words.ts'
export { stepWords } from './step-words.ts'
export type { Extent } from './taken-back.ts'
export { applyFrame, emptyTranscript, findItem, type Transcript } from './view.ts'
export { followOver } from './follow-over.ts'
export type { Hear } from './link.ts'
