/** Holding a folder: the one process lock that the server and every runner use. */
export { type FolderLock, type LockOwner, lockFolder, lockOwner } from './lock.ts'
