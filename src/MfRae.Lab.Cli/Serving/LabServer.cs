using System.Globalization;
using System.Security.Cryptography;
using MfRae.Lab.Cli.Verbs;
using MfRae.Lab.Core.Execution;

namespace MfRae.Lab.Cli.Serving;

/// <summary>The live view, put together.</summary>
internal sealed class LabServer : IDisposable
{
    private readonly DatabaseView database;
    private readonly LivePages pages;
    private readonly ChangeFeed feed;
    private readonly LoopbackServer server;
    private readonly LabSite site;

    /// <param name="port">0: a free one.</param>
    /// <param name="interrupt">See <see cref="StopAction"/>.</param>
    /// <exception cref="Core.Experiments.LabException">The database cannot be read, or the port cannot be used.</exception>
    public LabServer(
        string databaseFile,
        ArtifactStore store,
        int port,
        ServerLimits limits,
        Pace pace,
        Func<ProcessIdentity, bool> interrupt,
        TimeProvider time)
    {
        database = new(databaseFile, time);
        database.Version();
        server = LoopbackServer.Start(port, limits, time);
        Token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var stopping = new StopAction(store, interrupt);
        pages = new(database, stopping.IsPossible, Token, pace, time);
        feed = new(pages, database, pace, time);
        site = new(pages, feed, stopping, (page, file) => Image(store, page, file), Token, server.Port, limits, time);
    }

    public string Token { get; }

    public int Port => server.Port;

    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}/");

    /// <summary>Pages that were made, pages that are watched, connections that are open.</summary>
    public (int Made, int Watched, int Open) Load => (pages.Made, feed.Count, server.Open);

    /// <summary>Answers until it is told to stop.</summary>
    /// <param name="complain">Receives exceptions that are bugs, and those that keep pages from being updated.</param>
    public Task Run(Action<Exception> complain, CancellationToken stop) =>
        Task.WhenAll(server.Run(site.Answer, complain, stop), feed.Run(complain, stop));

    private byte[]? Image(ArtifactStore store, string page, string file) => page != LivePages.Index
        && database.Read(queries => queries.Experiment(page)) is { } record
            ? PageImages.Of(record, "", store.Root).FirstOrDefault(image => Path.GetFileName(image.File) == file).Content
            : null;

    public void Dispose()
    {
        server.Dispose();
        pages.Dispose();
        database.Dispose();
    }
}
