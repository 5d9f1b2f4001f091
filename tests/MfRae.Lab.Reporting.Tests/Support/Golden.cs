namespace MfRae.Lab.Reporting.Tests.Support;

/// <summary>Compares with a file under Golden/, or rewrites it where MFRAE_REWRITE_GOLDEN is 1.</summary>
internal static class Golden
{
    public static void Check(string name, string actual)
    {
        var path = Path.Combine(Folder(), name);
        if (Environment.GetEnvironmentVariable("MFRAE_REWRITE_GOLDEN") == "1")
        {
            File.WriteAllText(path, actual);
            return;
        }

        File.Exists(path).Should().BeTrue($"{path} should exist; MFRAE_REWRITE_GOLDEN=1 writes it");
        actual.Should().Be(
            File.ReadAllText(path).ReplaceLineEndings("\n"), $"{name} is what was agreed on; MFRAE_REWRITE_GOLDEN=1 rewrites it");
    }

    private static string Folder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MfRae.Lab.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder?.FullName ?? throw new InvalidOperationException("the tests run outside the repository"), "tests",
            "MfRae.Lab.Reporting.Tests", "Golden");
    }
}
