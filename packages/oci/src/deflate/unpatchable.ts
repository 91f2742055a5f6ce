/** The compressed bytes cannot be changed in place: they are malformed, or of a form that is not handled. They have to be compressed anew. */
export class Unpatchable extends Error {}
