"""Results on a URL (`--results s3://BUCKET/FOLDER`): a local copy that commands work on, and what goes to and fro.

A part appears in an object store whole or not at all, so that no renaming is needed there. `objects` reads and writes,
again and again where that fails; `copy` brings over what one side lacks; `lock` lets one sweep in; `store` is a study's
store with all of this.
"""
