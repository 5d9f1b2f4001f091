namespace MfRae.Lab.Cli.Tests.Fakes;

/// <summary>The checkout these tests were built from.</summary>
internal static class Checkout
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MfRae.Lab.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"no MfRae.Lab.sln above {AppContext.BaseDirectory}");
    }
}
