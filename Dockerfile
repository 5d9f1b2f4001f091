# The CPU version: docker build -t mfrae-lab . && docker run mfrae-lab
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS development
RUN apt-get update \
    && apt-get install -y --no-install-recommends git sqlite3 \
    && rm -rf /var/lib/apt/lists/*
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

FROM development AS lab
WORKDIR /lab
COPY . .
RUN dotnet build MfRae.Lab.csproj
# The first command of the README. Keep the results with: -v lab-data:/lab/data -v "$PWD/reports:/lab/reports"
ENTRYPOINT ["dotnet", "run", "--"]
CMD ["experiments/ablation-lambda.json"]
