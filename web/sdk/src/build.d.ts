/** Names what the script was built from. Put in by `build.mjs`. */
declare const KENAL_BUILD: string;
