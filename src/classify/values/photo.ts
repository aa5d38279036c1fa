const URL = /^(?:https?:\/\/|\/|s3:\/\/|gs:\/\/)[^\s]+$/i;
const PERSON =
  /(?:avatar|\.googleusercontent\.com\/a\/|\.googleusercontent\.com\/a-\/|\/\/graph\.facebook\.com\/.+\/picture|pbs\.twimg\.com\/profile_images|profile[-_]?(?:pic|photo|image|img)|headshot|portrait|selfie|gravatar|mugshot|(?:user|member|staff|employee|patient|customer)s?[-_/]?(?:photo|image|picture|pic)s?|\/(?:users|people|members|staff|employees|faces|profiles)\/.*\.(?:jpe?g|png|webp|gif|heic))/i;

/** Where the picture of a person lies. */
export function isPersonPhotoUrl(value: string): boolean {
  return (
    value.length <= 2000 && (URL.test(value) || /\.(?:jpe?g|png|webp|gif|heic)$/i.test(value)) && PERSON.test(value)
  );
}

/** A person's page at a social network. */
export function isSocialProfile(value: string): boolean {
  // Matrix, and the Fediverse.
  if (/^@[a-z0-9._=-]{2,60}[:@][a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(value)) return true;
  return /^(?:https?:\/\/)?(?:www\.|m\.)?(?:twitter\.com|x\.com|instagram\.com|facebook\.com|github\.com|gitlab\.com|tiktok\.com|t\.me|vk\.com|snapchat\.com\/add|linkedin\.com\/in|reddit\.com\/u(?:ser)?|youtube\.com)\/@?[\w.-]{2,60}\/?$/i.test(
    value,
  );
}
