namespace MfRae.Lab.Cli.Serving;

/// <summary>A page as it was made once, for all who ask.</summary>
/// <param name="Stamp">Of what the database said just before.</param>
/// <param name="Tag">Identifies the bytes, for requests that have them already.</param>
/// <param name="Looked">When the database was last compared with it, as a timestamp.</param>
internal sealed record Rendering(string Stamp, byte[] Html, string Policy, string Tag, long Looked);
