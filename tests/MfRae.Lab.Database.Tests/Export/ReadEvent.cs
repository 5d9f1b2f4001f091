namespace MfRae.Lab.Database.Tests.Export;

internal sealed record ReadEvent(double Wall, long Step, string? Version, string? Tag, double Value, string? Description);
