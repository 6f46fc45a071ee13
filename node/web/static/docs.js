// Shows the API's own document. Nothing is asked of any other host: no validator, no fonts.
"use strict";

window.addEventListener("load", () => {
  const place = document.getElementById("swagger");
  SwaggerUIBundle({
    domNode: place,
    url: place.dataset.document,
    validatorUrl: null,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
  });
});
