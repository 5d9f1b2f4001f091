namespace MfRae.Lab.Cli.Serving;

/// <summary>How often pages are made anew at most: what the server takes of the machine is taken from the run it shows.</summary>
/// <param name="Least">Between two looks at the database.</param>
/// <param name="Share">Of one core, in the long run, for pages that are made anew.</param>
/// <param name="Burst">Processor time that may be used at once after a rest.</param>
internal sealed record Pace(TimeSpan Least, double Share, TimeSpan Burst)
{
    /// <summary>A thirtieth of one core.</summary>
    public static Pace Default { get; } = new(TimeSpan.FromSeconds(1), 1 / 30.0, TimeSpan.FromSeconds(3));
}
