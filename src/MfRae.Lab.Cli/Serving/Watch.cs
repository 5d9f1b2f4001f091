namespace MfRae.Lab.Cli.Serving;

/// <summary>A viewer's place among those who watch a page.</summary>
internal sealed class Watch(ChangeFeed feed, string page) : IDisposable
{
    /// <summary>The stamp of what there is to see, why it may be an old one or null, and a task that ends when either changes.</summary>
    public (string Stamp, string? Trouble, Task Next) Now => feed.Now(page);

    public void Dispose() => feed.Part(page);
}
