namespace MfRae.Lab.Cli.Serving;

/// <summary>What one viewer, or many, may take of the machine.</summary>
/// <param name="Connections">At once; further ones are closed unanswered.</param>
/// <param name="Head">For sending the request.</param>
/// <param name="Piece">For taking each piece of an answer.</param>
/// <param name="Heartbeat">Between two signs of life to a page that waits for changes: so a viewer that is gone is noticed.</param>
internal sealed record ServerLimits(int Connections, TimeSpan Head, TimeSpan Piece, TimeSpan Heartbeat)
{
    public static ServerLimits Default { get; } =
        new(256, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(15));
}
