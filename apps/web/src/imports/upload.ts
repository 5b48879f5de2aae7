export interface Upload {
  readonly hash: string;
  readonly name: string;
  readonly columns: readonly string[];
  readonly sample: readonly (readonly string[])[];
  readonly rows: number;
}

export const MOST_MEGABYTES = 16;

/** Sends a file. The same one again changes nothing: it is kept under the hash of its content. */
export async function uploadFile(file: File): Promise<Upload> {
  if (file.size > MOST_MEGABYTES * 1024 * 1024) throw new Error(`At most ${MOST_MEGABYTES} MB.`);
  const response = await fetch(`/api/imports/files?name=${encodeURIComponent(file.name)}`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: file,
  });
  if (response.ok) return (await response.json()) as Upload;
  const answer = (await response.json().catch(() => ({}))) as { problem?: string };
  throw new Error(answer.problem ?? 'The file could not be uploaded.');
}
