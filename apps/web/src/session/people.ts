/** Who can sign in. */
export const PEOPLE = [
  { person: 'alice', name: 'Alice', about: 'Looks for a moving company.' },
  { person: 'bob', name: 'Bob', about: 'Looks for a tutor. Never sees what Alice sends.' },
  { person: 'admin', name: 'Admin', about: 'Runs the place.' },
] as const;

export function nameOf(person: string): string {
  return PEOPLE.find((each) => each.person === person)?.name ?? person;
}
