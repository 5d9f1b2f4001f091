namespace MfRae.Lab.Tracking.Tests.Exchange;

internal sealed record ReadEvent(double Wall, long Step, string? Version, string? Tag, double Value, string? Description);
